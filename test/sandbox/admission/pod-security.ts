import type { Pod } from '../api/pod.ts';
import { baselineViolations } from './baseline.ts';
import { restrictedViolations } from './restricted.ts';
import type { Violation } from './violation.ts';

type Level = 'privileged' | 'baseline' | 'restricted';

/** What Pod Security admission makes of a pod in a namespace with these labels (KEP-2579). */
export function podSecurity(
	labels: Record<string, string>,
	pod: Pod,
): { denial: string | undefined; warnings: string[] } {
	const enforced = verdict(labels, 'enforce', pod);
	const warned = enforced === undefined ? verdict(labels, 'warn', pod) : undefined;
	return {
		denial: enforced && `violates PodSecurity ${enforced}`,
		warnings: warned === undefined ? [] : [`would violate PodSecurity ${warned}`],
	};
}

/** `"restricted:latest": reason (detail), reason (detail)`, or undefined when the level is kept. */
function verdict(labels: Record<string, string>, mode: 'enforce' | 'warn', pod: Pod): string | undefined {
	const level = (labels[`pod-security.kubernetes.io/${mode}`] ?? 'privileged') as Level;
	const version = labels[`pod-security.kubernetes.io/${mode}-version`] ?? 'latest';
	const violations = violationsOf(level, pod);
	if (violations.length === 0) {
		return undefined;
	}
	return `"${level}:${version}": ${violations.map(({ reason, detail }) => `${reason} (${detail})`).join(', ')}`;
}

function violationsOf(level: Level, pod: Pod): Violation[] {
	switch (level) {
		case 'baseline':
			return baselineViolations(pod);
		case 'restricted':
			return restrictedViolations(pod);
		default:
			return [];
	}
}
