"""Modbus RTU and TCP instruments, described by declarative profiles."""
