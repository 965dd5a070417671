"""What people write on a work order about each cause of a stop: what they saw, what it was, what they did about it.

One entry per cause of simulator/causes.py. A cause that is not here gets ANY_CAUSE.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True)
class Texts:
    """What there is to say about one cause."""

    seen: tuple[str, ...]
    """By who reports it."""
    repairs: tuple[tuple[str, str], ...]
    """What was found, and what was done about just that."""
    part: str
    """What a repair for good may have to wait for."""
    dangerous: bool = False
    """People, water or air may come to harm: it presses more than its length says."""


def texts_of(cause: str | None) -> Texts:
    """What is written about a stop with this reason."""
    return TEXTS.get(cause or '', ANY_CAUSE)


ANY_CAUSE = Texts(
    ('Machine stands and does not restart.', 'Stopped without a command, the panel shows a general fault.'),
    (('Not found for certain, fault did not come back.', 'Checked from supply to drive, restarted under watch.'),
     ('Loose connection in the control cabinet.', 'Terminals tightened, machine restarted.')),
    'a control module',
)

TEXTS: Mapping[str, Texts] = MappingProxyType({
    # injection molders
    'Part stuck, mould protection': Texts(
        ('Part does not eject, mould protection has stopped the press.', 'Mould protection trips on every closing.'),
        (('Ejector pin scored, part hangs on the core.', 'Pin polished, ejector stroke checked over twenty shots.'),
         ('Part shrinks on the core, cooling time was too short.', 'Cooling time set back to standard, core cleaned.')),
        'an ejector pin'),
    'Heater band or thermocouple': Texts(
        ('Zone 3 of the barrel does not come up to temperature.', 'Barrel temperature alarm, reading jumps.'),
        (('Heater band of zone 3 open circuit.', 'Heater band replaced, zone at set point after 15 minutes.'),
         ('Thermocouple cable chafed through.', 'Thermocouple and cable replaced, reading compared.')),
        'a heater band'),
    'Hydraulic leak': Texts(
        ('Oil under the clamp unit, pump switched off.', 'Oil mist at the injection unit, level is falling.'),
        (('Pressure hose of the clamp cylinder burst.', 'Hose replaced, oil refilled, pressure test passed.'),
         ('Seal of the core-pull valve worn.', 'Seal kit fitted, no leak over thirty cycles at full pressure.')),
        'a hydraulic hose', dangerous=True),
    'Nozzle blocked': Texts(
        ('Short shots, then no melt at all from the nozzle.', 'Injection pressure at the limit, part not filled.'),
        (('Metal chip in the nozzle tip.', 'Tip removed and cleaned, magnet in the hopper emptied.'),
         ('Nozzle had frozen off during a pause.', 'Nozzle heated and purged, standby temperature raised.')),
        'a nozzle tip'),
    'Hot-runner leak': Texts(
        ('Melt comes out between manifold and mould plate.', 'Plastic in the cable duct of the hot runner.'),
        (('Seal ring of drop 4 flattened.', 'Mould opened, manifold cleaned, all seal rings replaced.'),
         ('Manifold was run before it was at temperature.', 'Cleaned and reassembled, soak timer set to 20 minutes.')),
        'a set of seal rings', dangerous=True),
    'Safety gate interlock': Texts(
        ('Gate is closed but the press says it is open.', 'Press stops when somebody walks past the gate.'),
        (('Actuator of the gate switch bent.', 'Actuator aligned, both channels tested.'),
         ('Gate runs off its rail and bounces.', 'Rollers adjusted, interlock tested with the gate.')),
        'a gate switch'),
    'Material bridging, hopper empty': Texts(
        ('Screw turns, nothing is fed.', 'Hopper shows full but no granulate comes down.'),
        (('Moist granulate has bridged over the throat.', 'Throat cleared, dryer brought back to 80 degrees.'),
         ('Suction line clogged by a film strip.', 'Line blown free, filter of the loader cleaned.')),
        'a loader filter'),
    # valves
    'Pin stuck': Texts(
        ('Gate of one cavity stays open.', 'Valve pin does not move, part has a long sprue.'),
        (('Residue between pin and bushing.', 'Pin pulled and cleaned, moves freely when warm.'),
         ('Pin bent at the tip.', 'Pin replaced, stroke set with the gauge.')),
        'a valve pin'),
    'Solenoid or actuator': Texts(
        ('Valve does not switch although the output is on.', 'Valve hums and stays where it is.'),
        (('Solenoid coil burnt out.', 'Coil replaced, current measured.'),
         ('Piston of the actuator seized.', 'Actuator exchanged, switching time back to standard.')),
        'an actuator'),
    'Air supply loss': Texts(
        ('No air at the valve block.', 'Pressure switch of the valve block has dropped out.'),
        (('Quick coupling had slipped off.', 'Coupling replaced and secured.'),
         ('Water in the maintenance unit.', 'Separator drained, filter element replaced.')),
        'a coupling'),
    'Seal leak': Texts(
        ('Air blows out at the cylinder all the time.', 'Valve closes slowly, hissing at the rod.'),
        (('Rod seal worn.', 'Seal kit fitted, leak test passed.'),
         ('O-ring cut at the last assembly.', 'O-ring replaced, lead-in chamfer deburred.')),
        'a seal kit'),
    'Controller zone fault': Texts(
        ('Sequence controller shows a fault on one zone.', 'Zone switched off by the controller.'),
        (('Fuse of the zone blown, cable pinched.', 'Cable rerouted, fuse replaced.'),
         ('Output card of the zone dead.', 'Spare card fitted, parameters loaded.')),
        'an output card'),
    # robotic arms
    'Part lost, vacuum': Texts(
        ('Arm has dropped the part, vacuum not reached.', 'Gripper loses parts on the way to the belt.'),
        (('Suction cup torn.', 'All four cups replaced.'),
         ('Ejector nozzle clogged.', 'Ejector cleaned, vacuum back at 0.7 bar.')),
        'a set of suction cups'),
    'Collision detected': Texts(
        ('Arm stopped with collision alarm at the mould.', 'Gripper touched the fixture, arm stands.'),
        (('A part had been left in the fixture.', 'Gripper straightened, reference run done, path tested at 10 %.'),
         ('Fixture had shifted by 4 mm.', 'Fixture pinned again, positions taught again.')),
        'a gripper finger', dangerous=True),
    'Servo drive alarm': Texts(
        ('Axis 3 alarm, drive does not reset.', 'Drive over-current whenever the arm lifts.'),
        (('Brake of axis 3 does not release.', 'Brake rectifier replaced, holding torque tested.'),
         ('Fan of the drive stands still, drive too hot.', 'Fan replaced, cabinet filter cleaned.')),
        'a servo drive'),
    'Light curtain': Texts(
        ('Light curtain interrupted, nobody is there.', 'Cell does not restart after the light curtain.'),
        (('Lens covered with dust.', 'Lens cleaned, curtain tested with the rod.'),
         ('Receiver knocked out of line by a cart.', 'Receiver aligned, guard bar moved out.')),
        'a receiver'),
    'PLC handshake timeout': Texts(
        ('Arm waits for the press, the press waits for the arm.', 'Handshake timeout, reset does not help.'),
        (('Fieldbus connector loose.', 'Connector screwed on, telegram errors at zero.'),
         ('Step was left by hand during set-up.', 'Sequence put back to start, operator shown how.')),
        'a bus connector'),
    'Dress-pack cable': Texts(
        ('Signals of the gripper drop out when axis 6 turns.', 'Hose package hangs down, cable damaged.'),
        (('Sensor cable broken inside the dress pack.', 'Dress pack exchanged, path tested over the full range.'),
         ('Cable clamp open, cable chafed.', 'Cable replaced, clamps renewed and marked.')),
        'a dress pack'),
    # painters
    'Bell cup fault': Texts(
        ('Bell speed not reached, spray pattern torn.', 'Bell cup vibrates, booth has stopped.'),
        (('Paint dried in the bell cup.', 'Cup and shaping-air ring cleaned, pattern checked.'),
         ('Air turbine bearing worn.', 'Turbine exchanged, speed curve recorded.')),
        'an air turbine'),
    'High-voltage fault': Texts(
        ('High voltage switches off, over-current.', 'High voltage does not come up in booth.'),
        (('Atomizer wet with paint, leakage current.', 'Atomizer cleaned and dried, earth measured.'),
         ('High-voltage cable broken down.', 'Cable replaced by the electrician, cascade tested.')),
        'a high-voltage cable', dangerous=True),
    'Colour change fault': Texts(
        ('Colour change does not end, valve feedback missing.', 'Wrong colour in the line after the change.'),
        (('Colour valve sticks.', 'Valve block flushed, valve replaced.'),
         ('Solvent pressure too low for the flush.', 'Pressure set, flush repeated three times.')),
        'a colour valve'),
    'Booth exhaust interlock': Texts(
        ('Booth locked, exhaust flow too low.', 'Exhaust alarm, paint shut off.'),
        (('Filter mats full.', 'Mats replaced, flow back in its window.'),
         ('Belt of the exhaust fan slipped.', 'Belt replaced and tensioned, flow measured.')),
        'a set of filter mats', dangerous=True),
    'Pump or regulator': Texts(
        ('No paint pressure at the atomizer.', 'Pressure hunts, dosing pump noisy.'),
        (('Dosing pump worn.', 'Pump exchanged and calibrated.'),
         ('Regulator membrane torn.', 'Membrane replaced, pressure stable over ten bodies.')),
        'a dosing pump'),
    'Contamination hold': Texts(
        ('Inclusions on five parts in a row, line held by quality.', 'Craters on the hood, stopped for cleaning.'),
        (('Fibres from a torn cleaning cloth.', 'Booth wiped down, cloths changed, three test panels clean.'),
         ('Oil in the shaping air.', 'Air filter replaced, line blown out, test panel clean.')),
        'an air filter'),
    # sorters
    'Jam, photo-eye blocked': Texts(
        ('Parts piled up before the photo-eye.', 'Jam at the infeed, belt stopped.'),
        (('A part lay across the guide.', 'Jam cleared, guide set 10 mm wider.'),
         ('Photo-eye dirty, saw a part that was not there.', 'Photo-eye cleaned and aligned.')),
        'a photo-eye'),
    'Diverter': Texts(
        ('Diverter does not go back.', 'Parts go into the wrong lane.'),
        (('Cylinder of the diverter loose.', 'Bolts replaced and locked, end positions set.'),
         ('End switch out of place.', 'Switch set, fifty parts sorted right.')),
        'a diverter cylinder'),
    'Drive overload': Texts(
        ('Belt drive overload, belt warm.', 'Motor protection trips after a few minutes.'),
        (('Bearing of the drive roller seized.', 'Roller exchanged, current back at 3.1 A.'),
         ('Belt runs against the frame.', 'Belt tracked and tensioned.')),
        'a drive roller'),
    'Scanner fault': Texts(
        ('No reads at all from the scanner.', 'Scanner offline, parts go to the reject lane.'),
        (('Power supply of the scanner failed.', 'Supply replaced, read rate 99.6 %.'),
         ('Window scratched.', 'Window replaced, focus set.')),
        'a scanner window'),
    'Lane full': Texts(
        ('Lane full, nobody has taken the parts away.', 'Lane shows full although it is empty.'),
        (('Cart was missing at the lane.', 'Cart brought, logistics informed.'),
         ('Full sensor stuck.', 'Sensor freed and tested.')),
        'a lane sensor'),
})

CHECKLISTS = (
    ('Lock out and tag out', 'Release stored pressure', 'Find the cause', 'Repair', 'Test run of ten cycles',
     'Hand over to the operator'),
    ('Lock out and tag out', 'Take a photo of what was found', 'Repair', 'Clean the place of work', 'Test run'),
    ('Check guards and interlocks', 'Repair', 'First part good, signed by quality'),
)
ROOT_CAUSE = 'Third time this month, please look at the root cause.'
COMMENTS = (
    ROOT_CAUSE,
    'Line lead is informed.',
    'Noise was there before the stop already.',
    'Spare is in cabinet 3, second shelf.',
    'Came back after the first reset.',
    'Photo follows.',
    'Please keep the removed part for the supplier.',
    'Runs again, I stay with it for the next half hour.',
)
CANCELLED = (
    'Reported twice.',
    'Stopped on purpose, the setter was at the machine.',
    'Does not come back, nothing found.',
)
WAITS: Mapping[str, str] = MappingProxyType({
    'parts': 'Runs for now. Ordered: {part}.',
    'access': 'Runs for now. Needs the line empty: next change of tool.',
    'vendor': 'Runs for now. Service of the maker comes for it.',
    'approval': 'Runs for now. Cost is above our limit, asked for approval.',
})
