{{- define "livegate.name" -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" }}
{{- end }}

{{- define "livegate.labels" -}}
app.kubernetes.io/name: livegate
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{/* What tells the pods of a part from all others: (list . "api") */}}
{{- define "livegate.selector" -}}
app.kubernetes.io/name: livegate
app.kubernetes.io/instance: {{ (index . 0).Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end }}

{{/* What the pods of both parts have in common: (list . "api") */}}
{{- define "livegate.pod" -}}
{{- $root := index . 0 -}}
{{- $part := index . 1 -}}
{{- $values := index $root.Values $part -}}
automountServiceAccountToken: false
enableServiceLinks: false
{{- with $root.Values.image.pullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  seccompProfile:
    type: RuntimeDefault
topologySpreadConstraints:
  {{- range list "kubernetes.io/hostname" "topology.kubernetes.io/zone" }}
  - maxSkew: 1
    topologyKey: {{ . }}
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels:
        {{- include "livegate.selector" (list $root $part) | nindent 8 }}
  {{- end }}
{{- with $values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* What the containers of both parts have in common, image and all: (list . "api") */}}
{{- define "livegate.container" -}}
{{- $root := index . 0 -}}
{{- $values := index $root.Values (index . 1) -}}
image: {{ printf "%s:%s" $values.image ($root.Values.image.tag | default $root.Chart.AppVersion) | quote }}
imagePullPolicy: {{ $root.Values.image.pullPolicy }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities:
    drop: [ALL]
resources:
  {{- toYaml $values.resources | nindent 2 }}
{{- end }}

{{/* The variables of both parts: (list . "api") */}}
{{- define "livegate.env" -}}
{{- $root := index . 0 -}}
- name: LIVEGATE_AMQP_URL_FILE
  value: /run/secrets/livegate/amqp-url
- name: LIVEGATE_REDIS_URL_FILE
  value: /run/secrets/livegate/redis-url
- name: LIVEGATE_SEAL_KEY_FILE
  value: /run/secrets/livegate/seal-key
{{- if $root.Values.thresholds }}
- name: LIVEGATE_THRESHOLDS
  value: /etc/livegate/thresholds.toml
{{- end }}
{{- if $root.Values.metrics.enabled }}
- name: LIVEGATE_METRICS_LISTEN
  value: "0.0.0.0:{{ $root.Values.metrics.port }}"
{{- end }}
{{- range $name, $value := (index $root.Values (index . 1)).settings }}
- name: {{ $name }}
  value: {{ $value | quote }}
{{- end }}
{{- end }}

{{/* Thresholds are read once, at the start: other ones are other pods. */}}
{{- define "livegate.annotations" -}}
{{- if or .Values.thresholds .Values.metrics.enabled -}}
annotations:
  {{- if .Values.thresholds }}
  checksum/thresholds: {{ .Values.thresholds | sha256sum }}
  {{- end }}
  {{- if .Values.metrics.enabled }}
  prometheus.io/scrape: "true"
  prometheus.io/port: {{ .Values.metrics.port | quote }}
  prometheus.io/path: /metrics
  {{- end }}
{{- end }}
{{- end }}

{{- define "livegate.mounts" -}}
- name: connections
  mountPath: /run/secrets/livegate
  readOnly: true
{{- if .Values.secrets.certificates }}
- name: certificates
  mountPath: /run/secrets/livegate-tls
  readOnly: true
{{- end }}
{{- if .Values.thresholds }}
- name: thresholds
  mountPath: /etc/livegate
  readOnly: true
{{- end }}
{{- end }}

{{- define "livegate.volumes" -}}
- name: connections
  secret:
    secretName: {{ .Values.secrets.connections }}
    defaultMode: 0440
    items:
      - { key: amqp-url, path: amqp-url }
      - { key: redis-url, path: redis-url }
      - { key: seal-key, path: seal-key }
{{- with .Values.secrets.certificates }}
- name: certificates
  secret:
    secretName: {{ . }}
    defaultMode: 0440
{{- end }}
{{- if .Values.thresholds }}
- name: thresholds
  configMap:
    name: {{ include "livegate.name" . }}-thresholds
{{- end }}
{{- end }}
