#!/bin/sh
# A submission as a Job of Kubernetes, by kubectl: docs/cluster.md says how Snakemake is told of it. To fill in:
image=registry.example.org/python:3.11 # with the Python that made .venv, libgl1 and libglib2.0-0
claim=pictures                         # a PersistentVolumeClaim that many pods may write to
volume=/pictures                       # where it is mounted, in the pods as where snakemake runs
case "$1" in
    submit) # PROCESSORS MEGABYTES MINUTES SCRIPT: prints the Job's name
        kubectl create -o name -f - <<MANIFEST
apiVersion: batch/v1
kind: Job
metadata: {generateName: icas-}
spec:
  backoffLimit: 0
  activeDeadlineSeconds: $(($4 * 60))
  template:
    spec:
      restartPolicy: Never
      containers:
        - name: icas
          image: $image
          command: [/bin/sh, "$5"]
          workingDir: "$PWD"
          resources:
            requests: {cpu: $2, memory: $3M}
            limits: {memory: $3M}
          volumeMounts: [{name: pictures, mountPath: $volume}]
      volumes: [{name: pictures, persistentVolumeClaim: {claimName: $claim}}]
MANIFEST
        ;;
    status) # NAME: prints running, success or failed; where Kubernetes does not answer Snakemake asks again
        case "$(kubectl get "$2" -o 'jsonpath={.status.conditions[?(@.status=="True")].type}')" in
            *Failed*) echo failed ;;
            *Complete*) echo success ;;
            *) echo running ;;
        esac
        ;;
    *) # NAME…: cancels them; Snakemake adds nothing but the names
        kubectl delete --wait=false "$@"
        ;;
esac
