import { NoNamespaces, type Sandbox, type SandboxOptions, startSandbox } from '../sandbox.ts';

/** A sandbox for a `before` hook. Where namespaces are not permitted the tests of that file are told to be not run. */
export async function useSandbox(context: Mocha.Context, options?: SandboxOptions): Promise<Sandbox> {
	context.timeout(60_000);
	try {
		return await startSandbox(options);
	} catch (error) {
		if (error instanceof NoNamespaces) {
			console.log(`      not run: ${error.message}`);
			context.skip();
		}
		throw error;
	}
}
