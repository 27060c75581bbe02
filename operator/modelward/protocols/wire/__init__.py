"""What protocols are made of: JSON bodies, tensors, streams of events, protobuf messages."""
