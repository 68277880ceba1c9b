"""Primary and backup, synchronous: the backup has an update before the client hears of it, and views are fenced."""
