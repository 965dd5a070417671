"""Runs a PostgreSQL program that ends with its parent and does not run as root.

This is a script that replaces itself by exec, because the preparation must happen in the child, in this order: drop
root, request a signal at the parent's death (a change of user resets it), check whether the parent still runs. A
`preexec_fn` could do the same, but may deadlock in a process with threads.

    python -I -S postmaster.py PARENT_PID UID:GID|- FOLDER PROGRAM [ARGUMENT ...]

PostgreSQL refuses to run as root, and the user that it runs as instead may be unable to reach the programs or FOLDER,
which are often below a home folder that only root may enter. The program then keeps one capability, the smallest that
suffices: to traverse and read (CAP_DAC_READ_SEARCH), else the one that containers usually have (CAP_DAC_OVERRIDE). No
permissions are changed.
"""

import ctypes
import os
import signal
import sys
from typing import NoReturn

PR_SET_PDEATHSIG = 1
PR_GET_SECUREBITS = 27
PR_SET_SECUREBITS = 28
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_RAISE = 2
SECBIT_NO_SETUID_FIXUP = 1 << 2
CAPABILITY_VERSION_3 = 0x20080522
CAP_DAC_OVERRIDE = 1
CAP_DAC_READ_SEARCH = 2
EX_NOPERM = 77


def main(parent: int, user: str, folder: str, command: list[str]) -> NoReturn:
    os.umask(0o077)
    if user != '-':
        uid, gid = (int(part) for part in user.split(':'))
        capability = smallest_that_reaches(uid, gid, folder, command[0])
        become(uid, gid, capability)
    if sys.platform == 'linux':
        prctl(PR_SET_PDEATHSIG, signal.SIGINT)
    if os.getppid() != parent:
        sys.exit('the program that started PostgreSQL has ended')
    os.execv(command[0], command)  # noqa: S606 - no shell is wanted


def smallest_that_reaches(uid: int, gid: int, folder: str, program: str) -> int | None:
    """The capability that user needs to enter the folder and run the program; None if it needs none."""
    for capability in (None, CAP_DAC_READ_SEARCH, CAP_DAC_OVERRIDE) if sys.platform == 'linux' else (None,):
        probe = os.fork()
        if not probe:
            reached = False
            try:
                become(uid, gid, capability)
                reached = os.access(program, os.R_OK | os.X_OK) and os.access(folder, os.R_OK | os.W_OK | os.X_OK)
            except OSError:
                pass   # not permitted here, so it does not help
            finally:
                os._exit(0 if reached else 1)
        if os.waitpid(probe, 0)[1] == 0:
            return capability
    print(f'FATAL: PostgreSQL may not run as root, and user {uid} cannot reach {program} or {folder}', file=sys.stderr)
    print('HINT: start as an ordinary user, or move both to a folder that all users may enter, or set DATABASE_URL',
          file=sys.stderr)
    sys.exit(EX_NOPERM)


def become(uid: int, gid: int, capability: int | None) -> None:
    """Drop root permanently, with at most one capability that survives exec. OSError if the system refuses."""
    if capability is not None:
        # without this bit access() would ignore the capability, and PostgreSQL looks for its programs with access()
        prctl(PR_SET_SECUREBITS, prctl(PR_GET_SECUREBITS) | SECBIT_NO_SETUID_FIXUP)
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)
    if capability is not None:
        keep_only(capability)
        prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability)


def keep_only(capability: int) -> None:
    """Reduce this process to one capability: effective, permitted and inheritable."""
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    bit = 1 << capability
    sets = (ctypes.c_uint32 * 6)(bit, bit, bit, 0, 0, 0)
    if ctypes.CDLL(None, use_errno=True).capset(header, sets):
        raise OSError(ctypes.get_errno(), 'capset')


def prctl(option: int, *arguments: int) -> int:
    numbers = [ctypes.c_ulong(number) for number in (*arguments, 0, 0, 0, 0)[:4]]
    result: int = ctypes.CDLL(None, use_errno=True).prctl(option, *numbers)
    if result < 0:
        raise OSError(ctypes.get_errno(), f'prctl {option}')
    return result


if __name__ == '__main__':
    main(int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4:])
