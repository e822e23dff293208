print("never looked at" is 1)
