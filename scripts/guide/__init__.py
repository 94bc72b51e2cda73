"""The press of the ML System Design Field Guide: Markdown in; site, book and checks out."""
