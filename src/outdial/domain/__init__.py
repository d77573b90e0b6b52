"""The words of Outdial and the rules between them: pure Python, no I/O, no framework, no clock."""
