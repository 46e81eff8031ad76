{{- define "dspy-metrics.name" -}}
{{ .Values.nameOverride | default .Chart.Name | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/* Short enough for what stands behind it, as -contract: a name has 63 characters. */}}
{{- define "dspy-metrics.fullname" -}}
{{- $name := include "dspy-metrics.name" . -}}
{{- $full := printf "%s-%s" .Release.Name $name -}}
{{- if contains $name .Release.Name -}}
{{- $full = .Release.Name -}}
{{- end -}}
{{ .Values.fullnameOverride | default $full | trunc 48 | trimSuffix "-" }}
{{- end }}

{{- define "dspy-metrics.selector" -}}
app.kubernetes.io/name: {{ include "dspy-metrics.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "dspy-metrics.labels" -}}
{{ include "dspy-metrics.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end }}

{{/* The rules ask for this job, whatever the release is called. */}}
{{- define "dspy-metrics.job" -}}
dspy-metrics
{{- end }}

{{/* What a monitor says of the port, for pods and for services alike. */}}
{{- define "dspy-metrics.endpoint" -}}
port: metrics
path: /metrics
interval: {{ .Values.monitor.interval }}
# The label service is the metric's own, and stays.
honorLabels: true
relabelings:
  - {targetLabel: job, replacement: {{ include "dspy-metrics.job" . }}}
{{- end }}

{{/* Four fifths of a limit of memory, in bytes, for GOMEMLIMIT. */}}
{{- define "dspy-metrics.heap" -}}
{{- $memory := . | toString -}}
{{- $units := dict "Ki" 1024 "Mi" 1048576 "Gi" 1073741824 "k" 1000 "M" 1000000 "G" 1000000000 -}}
{{- $number := regexFind "^[0-9]+" $memory -}}
{{- $unit := trimPrefix $number $memory -}}
{{- if and $unit (not (hasKey $units $unit)) -}}
{{- fail (printf "resources.limits.memory %q: write it as a whole number of Ki, Mi, Gi, k, M or G" $memory) -}}
{{- end -}}
{{- div (mul (int64 $number) (get $units $unit | default 1) 4) 5 -}}
{{- end }}

{{- define "dspy-metrics.scheme" -}}
{{ if and .Values.webConfig.secret .Values.webConfig.https }}https{{ else }}http{{ end }}
{{- end }}
