"""What programs written for Cinder, the predecessor of CinderX, import."""

from cinderx import *
