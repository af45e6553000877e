"""Where trials run. All engines speak `easynas.search.loop.Engine`."""
