"""Changing spaces folders safely: every change is planned, shown, carried out whole, and can be taken back."""
