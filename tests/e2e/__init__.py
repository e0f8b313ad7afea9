"""The whole path, with the real firmware behind Home Assistant's Bluetooth."""
