"""Campaigns: lists of people read from files, and the calls made of them, from their start to their last one."""
