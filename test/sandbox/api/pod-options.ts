import { allContainers, type Container, type Pod } from './pod.ts';
import { badRequest } from './status.ts';

/**
 * The container that a subresource of a pod means: the one named, else the only one.
 * @param choices the containers that may be left out of the name.
 * @throws {ApiError} 400 with the API server's words.
 */
export function chooseContainer(pod: Pod, named: string | null, choices: Container[] = pod.spec.containers): string {
	const all = allContainers(pod.spec).map(({ name }) => name);
	if (named) {
		if (!all.includes(named)) {
			throw badRequest(`container ${named} is not valid for pod ${pod.metadata.name}`);
		}
		return named;
	}
	const regular = pod.spec.containers.map(({ name }) => name);
	const [only] = regular;
	if (regular.length === 1 && only !== undefined && choices.length >= 1) {
		return only;
	}
	const initial = (pod.spec.initContainers ?? []).map(({ name }) => name);
	const also = initial.length > 0 ? ` or one of the init containers: [${initial.join(' ')}]` : '';
	throw badRequest(
		`a container name must be specified for pod ${pod.metadata.name}, choose one of: [${regular.join(' ')}]${also}`,
	);
}
