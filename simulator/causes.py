"""Why machines of each type warn and stop, how often, and how long a repair takes.

The tables are written as a maintenance planner would: stops as (weight in %, relative minutes), warnings with the
chance that one becomes a stop. What the model uses is derived from them, so that two things hold for every type:
the mean over all its stops is the type's mean repair time, and of all its warnings exactly 30 % become a stop.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

WARNING_BECOMES_STOP = 0.30
"""Share of all warnings that end in a stop, the same for every type of machine."""

WARM_UP = 'Warm-up after repair'
STARVED = 'Starved'
BLOCKED = 'Blocked downstream'
WAITING = frozenset({STARVED, BLOCKED})


@dataclass(frozen=True)
class WarningReason:
    """share: of the type's warnings, 0 to 1. becomes_stop: chance that it ends in a stop, 0 to 1."""

    text: str
    share: float
    becomes_stop: float


@dataclass(frozen=True)
class StopCause:
    """share: of the type's stops, 0 to 1. mean_repair: seconds."""

    text: str
    share: float
    mean_repair: float


@dataclass(frozen=True)
class Profile:
    """What machines of one type suffer from. mean_repair: seconds, over all causes."""

    mean_repair: float
    warnings: tuple[WarningReason, ...]
    stops: tuple[StopCause, ...]

    def chance_of_stop(self, reason: str | None) -> float:
        """The chance that a warning with this reason becomes a stop, also for a reason that a person typed."""
        known = {warning.text: warning.becomes_stop for warning in self.warnings}
        return known.get(reason or '', WARNING_BECOMES_STOP)


def profile_of(machine_type: str) -> Profile:
    """The profile of a type of machine; one that we don't know gets an ordinary one."""
    return PROFILES.get(machine_type, ANY_MACHINE)


def _profile(minutes: float, warnings: Mapping[str, float], stops: Mapping[str, tuple[float, float]]) -> Profile:
    total = sum(weight for weight, _ in stops.values())
    relative_mean = sum(weight / total * relative for weight, relative in stops.values())
    return Profile(
        mean_repair=minutes * 60,
        warnings=_warnings(warnings),
        stops=tuple(
            StopCause(text, weight / total, relative / relative_mean * minutes * 60)
            for text, (weight, relative) in stops.items()
        ),
    )


def _warnings(chances: Mapping[str, float]) -> tuple[WarningReason, ...]:
    """Shares as equal as can be (least squares) while their mean chance is WARNING_BECOMES_STOP."""
    mean = sum(chances.values()) / len(chances)
    variance = sum((chance - mean) ** 2 for chance in chances.values()) / len(chances)
    tilt = (WARNING_BECOMES_STOP - mean) / variance if variance else 0.0
    return tuple(
        WarningReason(text, (1 + tilt * (chance - mean)) / len(chances), chance) for text, chance in chances.items()
    )


PROFILES: Mapping[str, Profile] = MappingProxyType(
    {
        'injection_molder': _profile(
            18,
            {
                'Hydraulic oil temperature high': 0.35,
                'Barrel zone deviation': 0.30,
                'Shot weight drift': 0.20,
                'Cycle time over standard': 0.15,
                'Low mould-water flow': 0.40,
                'Clamp force drift': 0.35,
            },
            {
                'Part stuck, mould protection': (26, 6),
                'Heater band or thermocouple': (16, 22),
                'Hydraulic leak': (12, 45),
                'Nozzle blocked': (14, 15),
                'Hot-runner leak': (6, 70),
                'Safety gate interlock': (12, 4),
                'Material bridging, hopper empty': (14, 8),
            },
        ),
        'valve': _profile(
            8,
            {
                'Supply air low': 0.35,
                'Actuation slow': 0.40,
                'Pin position error': 0.40,
                'Zone temperature deviation': 0.25,
            },
            {
                'Pin stuck': (28, 12),
                'Solenoid or actuator': (24, 9),
                'Air supply loss': (16, 6),
                'Seal leak': (12, 20),
                'Controller zone fault': (20, 7),
            },
        ),
        'robotic_arm': _profile(
            9,
            {
                'Servo torque high': 0.30,
                'Axis temperature high': 0.35,
                'Gripper vacuum low': 0.40,
                'Encoder battery low': 0.10,
                'Cycle slow': 0.15,
            },
            {
                'Part lost, vacuum': (28, 4),
                'Collision detected': (16, 14),
                'Servo drive alarm': (14, 22),
                'Light curtain': (18, 3),
                'PLC handshake timeout': (16, 6),
                'Dress-pack cable': (8, 30),
            },
        ),
        'painter': _profile(
            15,
            {
                'Booth climate out of window': 0.30,
                'Bell speed deviation': 0.35,
                'High voltage sag': 0.35,
                'Fluid flow deviation': 0.30,
                'Filter pressure high': 0.20,
            },
            {
                'Bell cup fault': (20, 18),
                'High-voltage fault': (16, 14),
                'Colour change fault': (24, 8),
                'Booth exhaust interlock': (14, 20),
                'Pump or regulator': (14, 22),
                'Contamination hold': (12, 25),
            },
        ),
        'sorter': _profile(
            6,
            {
                'Photo-eye dirty': 0.30,
                'Barcode no-read rate high': 0.25,
                'Belt tracking': 0.30,
                'Motor current high': 0.35,
                'Lane 80 % full': 0.20,
            },
            {
                'Jam, photo-eye blocked': (40, 3),
                'Diverter': (18, 9),
                'Drive overload': (14, 12),
                'Scanner fault': (16, 5),
                'Lane full': (12, 4),
            },
        ),
    }
)

ANY_MACHINE = _profile(
    12,
    {'Running outside its limits': 0.35, 'Cycle time over standard': 0.25},
    {'Fault, cause not yet found': (40, 12), 'Emergency stop': (30, 5), 'Drive or control fault': (30, 20)},
)
