package e2e

import (
	"errors"
	"fmt"
	"slices"

	core "k8s.io/api/core/v1"
)

// restricted tells what a pod lacks of the Pod Security Standard "restricted", and of
// files that nobody writes to.
func restricted(pod core.PodSpec) error {
	var errs []error
	if s := pod.SecurityContext; s == nil || s.RunAsNonRoot == nil || !*s.RunAsNonRoot || s.SeccompProfile == nil || s.SeccompProfile.Type != core.SeccompProfileTypeRuntimeDefault {
		errs = append(errs, fmt.Errorf("got security context %v of the pod", s))
	}
	if pod.AutomountServiceAccountToken == nil || *pod.AutomountServiceAccountToken {
		errs = append(errs, errors.New("the pod gets a token that it does not need"))
	}
	for _, container := range slices.Concat(pod.InitContainers, pod.Containers) {
		if s := container.SecurityContext; s == nil || s.Capabilities == nil || !slices.Equal(s.Capabilities.Drop, []core.Capability{"ALL"}) ||
			s.ReadOnlyRootFilesystem == nil || !*s.ReadOnlyRootFilesystem || s.AllowPrivilegeEscalation == nil || *s.AllowPrivilegeEscalation {
			errs = append(errs, fmt.Errorf("%s: got security context %v", container.Name, s))
		}
	}
	return errors.Join(errs...)
}
