"""whyslow's collector: runs the user's own code in the user's own interpreter, and tells what it did."""
