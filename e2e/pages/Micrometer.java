import io.micrometer.core.instrument.*;
import io.micrometer.core.instrument.binder.jvm.*;
import io.micrometer.core.instrument.binder.system.*;
import io.micrometer.prometheusmetrics.*;
import java.time.Duration;

/** Writes a page with Micrometer's meters of the JVM and one meter of each kind, as text or as openmetrics. */
public class Micrometer {
    public static void main(String[] args) {
        PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
        new ClassLoaderMetrics().bindTo(registry);
        new JvmMemoryMetrics().bindTo(registry);
        new JvmGcMetrics().bindTo(registry);
        new JvmThreadMetrics().bindTo(registry);
        new JvmInfoMetrics().bindTo(registry);
        new JvmCompilationMetrics().bindTo(registry);
        new JvmHeapPressureMetrics().bindTo(registry);
        new ProcessorMetrics().bindTo(registry);
        new UptimeMetrics().bindTo(registry);
        new FileDescriptorMetrics().bindTo(registry);
        Counter.builder("jobs").description("Jobs that ended.").tag("queue", "a \"b\"\n\\c").register(registry).increment();
        registry.gauge("jobs.waiting", 3);
        Timer timer = Timer.builder("http.server.requests").description("Requests").publishPercentileHistogram().tag("uri", "/")
            .serviceLevelObjectives(Duration.ofMillis(100)).register(registry);
        timer.record(Duration.ofMillis(30));
        Timer.builder("query").publishPercentiles(0.5, 0.99).register(registry).record(Duration.ofMillis(7));
        DistributionSummary.builder("answer.size").baseUnit("bytes").serviceLevelObjectives(10, 100).register(registry).record(30);
        LongTaskTimer.builder("import").publishPercentileHistogram().register(registry).start();
        FunctionCounter.builder("cache.gets", registry, r -> 4).register(registry);
        TimeGauge.builder("age", () -> 3, java.util.concurrent.TimeUnit.SECONDS).register(registry);
        String type = args[0].equals("openmetrics") ? "application/openmetrics-text; version=1.0.0; charset=utf-8" : "text/plain; version=0.0.4; charset=utf-8";
        System.out.print(registry.scrape(type));
    }
}
