import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { UsageError, UserError } from '../errors.ts';
import { printable } from '../text/printable.ts';
import { inspectDocument } from '../toolkit/parse.ts';
import { toolkitSchema } from '../toolkit/schema.ts';
import type { ToolkitsContext } from './toolkits.ts';
import { writeFile } from './toolkits-show.ts';

/** `toolkits new NAME`: a folder with everything that a toolkit has, which passes `toolkits check`. */
export async function newToolkit({ words, flags, paths, catalogue }: ToolkitsContext): Promise<number> {
	const [name = ''] = words;
	const [remark] = inspectDocument({ ...HEAD, name, description: name }, name).remarks;
	if (remark) throw new UsageError(`a toolkit cannot be called "${name}": its name ${remark.text}`);
	const folder = join(flags.own ? paths.toolkits : process.cwd(), name);
	if (existsSync(folder)) throw new UserError(`${folder} is there already`);
	try {
		if (flags.own) mkdirSync(paths.toolkits, { recursive: true, mode: 0o700 });
		for (const [path, text] of Object.entries(filesOf(name))) {
			writeFile(join(folder, path), text);
			process.stdout.write(`${printable(join(folder, path))}\n`);
		}
	} catch (error) {
		throw new UserError(`${folder} cannot be written: ${(error as NodeJS.ErrnoException).code}`);
	}
	const twin = catalogue.toolkits.find(({ toolkit }) => toolkit.name === name);
	if (twin) process.stderr.write(`Warning: there is a toolkit ${name} already: ${printable(twin.source)}\n`);
	const here = flags.own ? '' : 'KUBECTL_EPHEMERAL_PATH=. ';
	process.stderr.write(`Try it: ${here}kubectl ephemeral ${name} hello POD${flags.own ? '' : ' --yes'}\n`);
	return 0;
}

/** `toolkits schema`. */
export function printSchema(): number {
	process.stdout.write(schemaText());
	return 0;
}

/** The JSON schema as it is published. */
export function schemaText(): string {
	return `${JSON.stringify(toolkitSchema(), null, '\t')}\n`;
}

const HEAD = { apiVersion: 'ephemeral/v1', kind: 'Toolkit', image: 'busybox:1.36' };

function filesOf(name: string): Record<string, string> {
	return {
		'toolkit.yaml': `# yaml-language-server: $schema=toolkit.schema.json
apiVersion: ${HEAD.apiVersion}
kind: ${HEAD.kind}
name: ${name} # as the folder is called
description: Tools for ${name}
# Pinned by tag, or better by digest: it runs in production pods.
image: ${HEAD.image}
# Rights without which nothing here works (needs), or with which more does (wants): same-user, SYS_PTRACE, NET_RAW …
needs: []
wants: []
# What "kubectl ephemeral ${name} POD" opens; root: target would make / the target's.
shell: {root: debug}
recipes:
  # kubectl ephemeral ${name} hello POD --greeting Hi
  hello:
    description: Greet from beside the container
    inputs:
      greeting: {description: The word to begin with, default: Hello}
    script: scripts/hello.sh
    output: {kind: text}
    test: {run: command -v cat}
# Proves that the image has what the recipes need: kubectl ephemeral toolkits test ${name} POD
test: {run: command -v sh}
`,
		'scripts/hello.sh': `#!/bin/sh
# Runs by the sh of the debug image, beside the target. Inputs are INPUT_NAME; what is printed is the result, what is
# left in $OUT would be files, and the exit code is the verdict.
set -eu
printf '%s from container %s of pod %s\\n' "$INPUT_GREETING" "$TARGET_CONTAINER" "$POD"
if [ -n "\${TARGET_PID:-}" ]; then
	printf 'its first process is %s\\n' "$(cat "/proc/$TARGET_PID/comm")"
fi
`,
		'README.md': `# ${name}

A toolkit of kubectl ephemeral: an image, and recipes that run in it beside a pod's container.

\`\`\`sh
kubectl ephemeral toolkits check ${name}                                     # from the folder that this one is in
KUBECTL_EPHEMERAL_PATH=. kubectl ephemeral ${name} hello POD --yes           # run the recipe
KUBECTL_EPHEMERAL_PATH=. kubectl ephemeral toolkits test ${name} POD --yes   # prove that the image has what it needs
\`\`\`

A script runs by hand too:

\`\`\`sh
INPUT_GREETING=Hello TARGET_CONTAINER=app POD=web-0 TARGET_PID=1 sh scripts/hello.sh
\`\`\`

In \`~/.config/kubectl-ephemeral/toolkits/\` it is your own, and needs no \`--yes\`. Others agree to it by
\`kubectl ephemeral toolkits trust ${name}\`. Editors complete \`toolkit.yaml\` by \`toolkit.schema.json\`;
\`kubectl ephemeral toolkits schema\` writes it anew.
`,
		'toolkit.schema.json': schemaText(),
	};
}
