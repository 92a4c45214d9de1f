const names = ['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY', 'http_proxy', 'https_proxy', 'no_proxy'];

/**
 * Starts a request with the proxy variables out of sight. Bun reads them itself at that moment and would send what must go
 * straight through a proxy, and what has a proxy of its own (proxy-url) straight; which way to go is decided by proxyFor.
 */
export function withoutProxyEnvironment<T>(start: () => T): T {
	const saved = names.map((name) => [name, process.env[name]] as const).filter(([, value]) => value !== undefined);
	for (const [name] of saved) delete process.env[name];
	try {
		return start();
	} finally {
		for (const [name, value] of saved) process.env[name] = value;
	}
}
