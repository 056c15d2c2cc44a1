"""Thermo gas analysers over C-Link."""
