import type { V1EnvVar, V1EphemeralContainer, V1Pod, V1SecurityContext } from '@kubernetes/client-node';
import { UserError } from '../errors.ts';
import { applyCustom, type Custom } from './custom.ts';
import { addMounts, likeTarget } from './mounts.ts';
import { exactly, RECORD_NAMES, recordEnv } from './record.ts';
import type { SessionRequest } from './request.ts';

/** What the container's spec is made from, but for the security context. */
export interface SpecInput {
	request: SessionRequest;
	image: string;
	pod: V1Pod;
	/** undefined: no target's processes are joined. */
	target: string | undefined;
	/** Who adds it, and which version of the program: for the record. */
	record: { by: string; version: string };
	/** The container's process when work runs in it by exec; handed on to the letter. */
	sleeper: { command: string[] };
	mode: 'sleeper' | 'main';
	/** Main mode: the process and its stdin, where they are not the request's own. */
	main?: { command?: string[]; stdin?: boolean };
}

/** The spec without name and record, for any security context, and what was left out, in sentences. */
export interface SpecMaker {
	/** @throws UserError for what `--custom` may not say */
	make(context: V1SecurityContext | undefined): V1EphemeralContainer;
	notes: string[];
}

/**
 * How to make the container's spec: kubectl's fields, then the target's likeness and mounts, then `--custom` over all.
 * @throws UserError when the pod has no such volume
 */
export function specMaker(input: SpecInput): SpecMaker {
	const { request, pod, target } = input;
	const like = request.likeTarget && target !== undefined ? likeTarget(pod, target) : { fields: {}, notes: [] };
	const { env = [], volumeMounts = [], envFrom }: Partial<V1EphemeralContainer> = like.fields;
	const mounts = addMounts(pod, volumeMounts, request.mounts);
	// A process that waits for a header gets --env by it; only one that cannot wait has it in its spec, for all to see.
	const variables = input.mode === 'main' && !input.main ? overlayEnv(env, request.env) : env;
	const policy = request.imagePullPolicy ?? (request.profile === 'auto' ? 'IfNotPresent' : undefined);
	const common: V1EphemeralContainer = {
		name: '',
		image: input.image,
		...(policy && { imagePullPolicy: policy }),
		...processFields(input),
		...(variables.length > 0 && { env: variables }),
		...(envFrom && { envFrom }),
		...(mounts.length > 0 && { volumeMounts: mounts }),
		terminationMessagePolicy: 'File',
		...(target !== undefined && { targetContainerName: target }),
	};
	const make = (context: V1SecurityContext | undefined) => {
		const spec = { ...common, ...(context && { securityContext: context }) };
		return request.custom ? customized(spec, request.custom, input.mode) : spec;
	};
	return { make, notes: like.notes };
}

/** The spec under its name and with its record: what is sent. */
export function recorded(
	spec: V1EphemeralContainer,
	name: string,
	{ request, record }: SpecInput,
): V1EphemeralContainer {
	const said = recordEnv({
		by: record.by,
		...(request.reason !== undefined && { reason: request.reason }),
		ttl: request.ttl,
		toolkit: request.toolkit ?? 'shell',
		version: record.version,
	});
	return { ...spec, name, env: [...(spec.env ?? []), ...said] };
}

/** The part of a spec that is its identity. What each exec gets or only the start sees is none of it. */
export function identityOf(spec: V1EphemeralContainer, { mode, request }: SpecInput): object {
	const { name: _, imagePullPolicy: __, terminationMessagePolicy: ___, command, stdin, stdinOnce, tty, ...rest } = spec;
	if (mode === 'sleeper') return rest;
	const own = new Set(request.env.map(({ name }) => name));
	const env = rest.env?.filter(({ name }) => !own.has(name));
	return { ...rest, env: env?.length ? env : undefined, command, stdin, stdinOnce, tty };
}

function processFields({ mode, sleeper, main, request }: SpecInput): Partial<V1EphemeralContainer> {
	if (mode === 'sleeper') return { command: sleeper.command.map(exactly) };
	const command = main?.command ?? request.command;
	const stdin = main?.stdin ?? request.stdin;
	return {
		...(command.length > 0 && { command: command.map(exactly) }),
		// Without a terminal the process must see the end of its input, and would not unless stdin is opened once.
		...(stdin && { stdin, ...(!request.tty && { stdinOnce: true }) }),
		...(stdin && request.tty && { tty: true }),
	};
}

/** Of a name given twice the last counts, as everywhere else. */
function overlayEnv(base: V1EnvVar[], own: { name: string; value: string }[]): V1EnvVar[] {
	const last = new Map(own.map(({ name, value }) => [name, exactly(value)]));
	return [...base.filter(({ name }) => !last.has(name)), ...[...last].map(([name, value]) => ({ name, value }))];
}

function customized(spec: V1EphemeralContainer, custom: Custom, mode: SpecInput['mode']): V1EphemeralContainer {
	const result = applyCustom(spec, custom);
	const taken = result.env?.find(({ name }) => RECORD_NAMES.some((one) => one === name));
	if (taken)
		throw new UserError(`${custom.file} may not set ${taken.name}`, 'It is part of the record of who adds what.');
	if (mode === 'sleeper' && result.args) {
		throw new UserError(
			`${custom.file} may not set args`,
			'The image is not started by itself; a command stands behind --.',
		);
	}
	return result;
}
