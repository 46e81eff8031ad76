// Writes a page of prom-client, as text or as openmetrics.
const client = require("prom-client");

if (process.argv[2] === "openmetrics") client.register.setContentType(client.openMetricsContentType);
client.collectDefaultMetrics();
new client.Counter({ name: "requests_total", help: "Requests", labelNames: ["path"] }).inc({ path: 'a"b\\c' });
new client.Histogram({ name: "latency_seconds", help: "Latency", buckets: [0.1, 1] }).observe(0.3);
new client.Summary({ name: "size", help: "Size" }).observe(2);
client.register.metrics().then((page) => process.stdout.write(page, () => process.exit()));
