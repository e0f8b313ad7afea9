"""The rig: real firmware processes, the air between them and Home Assistant's Bluetooth, and ways to disturb both.

What stands in for something is the radio alone: Bumble's link layer takes the place of antennas and Bumble's host that
of BlueZ or a proxy. The firmware, its HCI, the GATT traffic and Home Assistant's Bluetooth stack are the real ones.
"""
