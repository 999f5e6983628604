"""The peer that the bench measures against: the DET intake as a careful team would write it in FastAPI."""
