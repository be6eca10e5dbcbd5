"""Space-time mathematics: outlines, separations, bands of altitude, cells. Every bound is stated."""
