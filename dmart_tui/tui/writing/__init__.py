"""How the interface changes data: proposals shown before they are made, and the dialogs that lead to them."""
