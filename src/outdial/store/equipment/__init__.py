"""What calls are made with: caller numbers, trunks, pools."""
