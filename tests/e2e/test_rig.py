"""The rig's own traps: what Bumble does not expect of its callers."""

import asyncio

from bumble import hci
from bumble.controller import Controller
from bumble.device import Device
from bumble.link import LocalLink

from tests.rig.adapter import Host


async def test_a_connection_given_up_at_any_step_does_not_confuse_what_follows() -> None:
    unhandled: list[str] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: unhandled.append(str(context)))
    controller = Controller("adapter", link=LocalLink(), public_address="C0:00:00:00:00:01")
    host = Host()
    host.controller = controller
    device = Device(name="adapter", address=hci.Address("C0:00:00:00:00:01"), host=host)
    await device.power_on()
    for steps in range(12):
        address = hci.Address("C1:00:00:00:00:09", hci.Address.RANDOM_DEVICE_ADDRESS)
        attempt = asyncio.create_task(device.connect(address, timeout=5))
        for _ in range(steps):
            await asyncio.sleep(0)
        attempt.cancel()
        controller.pending_le_connection = None
        async with asyncio.timeout(5):
            await asyncio.gather(*(host.send_sync_command(hci.HCI_Read_BD_ADDR_Command()) for _ in range(3)))
        await asyncio.gather(attempt, return_exceptions=True)
    assert not unhandled
