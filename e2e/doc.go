// Package e2e tests the dspy-metrics service as its operators meet it: the built
// program, a real Prometheus, real requests. It holds nothing but tests. The
// servers they need come from the script install beside this file.
package e2e
