"""The public directory (政务公开和政务服务事项目录): static pages with flow charts, and the data behind them."""
