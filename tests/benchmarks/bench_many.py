"""to come"""
async def run(program, *, quick):
    return []
