import { closeSync, fstatSync, openSync, readFileSync, readSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import type { ContainerLog } from '../node/container-log.ts';
import type { Kubelet } from '../node/kubelet.ts';
import type { KubeObject } from './objects.ts';
import { allContainers, type Pod } from './pod.ts';
import { chooseContainer } from './pod-options.ts';
import { type ApiError, badRequest } from './status.ts';

/**
 * Sends a container's log as `pods/log` does, with `follow`, `previous`, `tailLines`, `sinceSeconds`, `limitBytes` and
 * `timestamps`.
 * @throws {ApiError} 400 for a container that is not there or has not started.
 */
export async function sendLog(
	kubelet: Kubelet,
	object: KubeObject,
	query: URLSearchParams,
	response: ServerResponse,
): Promise<void> {
	const pod = object as Pod;
	const { namespace = '', name } = pod.metadata;
	const container = chooseContainer(pod, query.get('container'), allContainers(pod.spec));
	const runner = kubelet.container(namespace, name, container);
	const previous = query.get('previous') === 'true';
	const log = runner?.logs.at(previous ? -2 : -1);
	if (!log) {
		throw refusal(pod, container, previous, runner?.state.waiting?.reason);
	}
	response.writeHead(200, { 'Content-Type': 'text/plain', 'Cache-Control': 'no-cache, private' });
	const limit = Number(query.get('limitBytes') ?? Number.POSITIVE_INFINITY);
	const format = formatter(query.get('timestamps') === 'true');
	const text = Buffer.concat(select(readFileSync(log.path), query).map(format));
	response.write(text.subarray(0, Math.min(limit, text.length)));
	if (query.get('follow') === 'true' && !log.closed) {
		await follow(log, response, format);
	}
	response.end();
}

/** Lines of a log file that the query asks for. */
function select(content: Buffer, query: URLSearchParams): Buffer[] {
	let lines = splitLines(content);
	const since = query.get('sinceSeconds');
	const from = since === null ? Date.parse(query.get('sinceTime') ?? '') : Date.now() - Number(since) * 1000;
	if (!Number.isNaN(from)) {
		lines = lines.filter((line) => Date.parse(line.subarray(0, 24).toString().replace(/Z?$/, 'Z')) >= from);
	}
	const tail = query.get('tailLines');
	return tail === null ? lines : Number(tail) === 0 ? [] : lines.slice(-Number(tail));
}

function splitLines(content: Buffer): Buffer[] {
	const lines: Buffer[] = [];
	for (let start = 0; start < content.length; ) {
		const end = content.indexOf(10, start);
		const next = end < 0 ? content.length : end + 1;
		lines.push(content.subarray(start, next));
		start = next;
	}
	return lines;
}

/** Takes the CRI prefix away; a part of a line (`P`) is followed by the next without a line end. */
function formatter(timestamps: boolean): (line: Buffer) => Buffer {
	return (line) => {
		const [time = '', stream = '', tag = ''] = line.subarray(0, 60).toString('latin1').split(' ', 3);
		const text = line.subarray(time.length + stream.length + tag.length + 3);
		const body = tag === 'P' ? text.subarray(0, -1) : text;
		return timestamps ? Buffer.concat([Buffer.from(`${time} `), body]) : body;
	};
}

/** Sends what is added to the log until the container ends or the client goes away. */
async function follow(log: ContainerLog, response: ServerResponse, format: (line: Buffer) => Buffer): Promise<void> {
	const file = openSync(log.path, 'r');
	let position = fstatSync(file).size;
	const forward = () => {
		const added = Buffer.alloc(fstatSync(file).size - position);
		readSync(file, added, 0, added.length, position);
		position += added.length;
		if (added.length > 0) {
			response.write(Buffer.concat(splitLines(added).map(format)));
		}
	};
	await new Promise<void>((resolve) => {
		const unsubscribe = log.onWrite(() => {
			forward();
			if (log.closed) {
				resolve();
			}
		});
		response.on('close', () => {
			unsubscribe();
			resolve();
		});
	});
	closeSync(file);
}

function refusal(pod: Pod, container: string, previous: boolean, waiting: string | undefined): ApiError {
	const subject = `container "${container}" in pod "${pod.metadata.name}"`;
	if (previous) {
		return badRequest(`previous terminated ${subject} not found`);
	}
	const texts: Record<string, string> = {
		ErrImagePull: "image can't be pulled",
		ImagePullBackOff: 'trying and failing to pull image',
		CreateContainerConfigError: 'CreateContainerConfigError',
		InvalidImageName: 'InvalidImageName',
		PodInitializing: 'PodInitializing',
	};
	return badRequest(`${subject} is waiting to start: ${texts[waiting ?? ''] ?? waiting ?? 'ContainerCreating'}`);
}
