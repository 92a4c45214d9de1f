import type { V1EphemeralContainer, V1Pod } from '@kubernetes/client-node';
import { UserError } from '../errors.ts';
import { fullName, type Policy } from '../toolkit/configuration.ts';
import { type Candidate, type ContainerPlan, reusable } from './container.ts';
import type { ProfileName } from './request.ts';

/** What a policy finds against a container. */
interface Violation {
	/** The sentence, and what to do. */
	message: string;
	hint: string;
}

/**
 * The plan with those candidates that every policy permits: by their image, and by what profiles mean, however it was asked
 * for. Where better ones are passed over, a note says which file has it so.
 * @param profile what was asked for by name
 * @param pod where containers may be there already
 * @throws UserError naming the file and the key where none is left
 */
export function withinPolicies(
	plan: ContainerPlan,
	profile: ProfileName,
	policies: readonly Policy[],
	pod?: V1Pod,
): ContainerPlan {
	if (policies.length === 0) return plan;
	const judge = (container: V1EphemeralContainer): Violation | undefined =>
		policies.map((policy) => violationOf(container, profile, policy)).find((found) => found !== undefined);
	const judged = plan.candidates.map((candidate) => {
		// Under a name that was given there may be something else than is planned.
		const there = candidate.slot.state === 'new' ? undefined : inPod(pod, candidate.slot.name);
		return { candidate, violation: judge(candidate.container) ?? (there && judge(there)) };
	});
	const [best, ...more] = judged.filter(({ violation }) => violation === undefined).map(({ candidate }) => candidate);
	const [worst] = judged.flatMap(({ violation }) => violation ?? []);
	if (best === undefined) throw new UserError(worst?.message ?? 'no container is permitted', worst?.hint);
	const candidates: [Candidate, ...Candidate[]] = [best, ...more];
	const notes = best === plan.candidates[0] || !worst ? [] : [`${worst.message}; what is left is ${best.profile}`];
	return { ...plan, candidates, reuse: reusable(candidates), notes: [...plan.notes, ...notes] };
}

function inPod(pod: V1Pod | undefined, name: string): V1EphemeralContainer | undefined {
	return pod?.spec?.ephemeralContainers?.find((container) => container.name === name);
}

function violationOf(
	{ image = '', securityContext }: Pick<V1EphemeralContainer, 'image' | 'securityContext'>,
	profile: ProfileName,
	{ file, images, digestRequired, forbiddenProfiles = [] }: Policy,
): Violation | undefined {
	if (images && !images.some((pattern) => matches(fullName(image), fullName(pattern)))) {
		return {
			message: `image ${image} is not among policy.images of ${file}`,
			hint: images.length === 0 ? 'It admits none.' : `It admits ${images.join(', ')}.`,
		};
	}
	if (digestRequired && !/@sha256:[0-9a-f]{64}$/.test(image)) {
		return {
			message: `image ${image} is not named by its digest, as policy.digestRequired of ${file} demands`,
			hint: 'It is named like this: registry.example/tools@sha256:…',
		};
	}
	const hint = 'Another profile may serve: --profile, or auto, which takes what is permitted.';
	const where = `policy.forbiddenProfiles of ${file}`;
	if (forbiddenProfiles.includes(profile)) return { message: `profile ${profile} is among ${where}`, hint };
	for (const name of forbiddenProfiles) {
		const means = meaningOf(name, securityContext);
		if (means) return { message: `${means}, as profile ${name} is, which is among ${where}`, hint };
	}
	return undefined;
}

/** By what a security context is what a profile would make of it: the right that the profile is there for. */
function meaningOf(profile: string, context: V1EphemeralContainer['securityContext']): string | undefined {
	const right = RIGHTS[profile];
	if (right === undefined) return undefined;
	if (context?.privileged) return 'the container would be privileged';
	const has = (name: string): boolean => context?.capabilities?.add?.map(bare).includes(name) ?? false;
	if (has('ALL')) return 'the container would have all capabilities';
	return has(right) ? `the container would have ${right}` : undefined;
}

/** What makes a container as mighty as these profiles make it; what the others give is no right beyond the runtime's own. */
const RIGHTS: Readonly<Record<string, string>> = {
	general: 'SYS_PTRACE',
	netadmin: 'NET_ADMIN',
	sysadmin: 'SYS_ADMIN',
};

function bare(capability: string): string {
	return capability.toUpperCase().replace(/^CAP_/, '');
}

/** Whether a pattern means an image: `*` stands for any characters, in the registry's name for any but a slash. */
function matches(image: string, pattern: string): boolean {
	const [host, path] = parted(image);
	const [wantedHost, wantedPath] = parted(pattern);
	return isLike(host, wantedHost) && isLike(path, wantedPath);
}

function parted(image: string): [host: string, path: string] {
	const slash = image.indexOf('/');
	return [image.slice(0, slash), image.slice(slash + 1)];
}

function isLike(text: string, pattern: string): boolean {
	const [first = '', ...rest] = pattern.split('*');
	const last = rest.pop();
	if (last === undefined) return text === first;
	if (!text.startsWith(first)) return false;
	let at = first.length;
	for (const piece of rest) {
		const found = text.indexOf(piece, at);
		if (found < 0) return false;
		at = found + piece.length;
	}
	return text.length - last.length >= at && text.endsWith(last);
}
