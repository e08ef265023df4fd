"""Turning the published weight files into ONNX files with dynamic batch size; runs once, at set-up."""
