// Packages as the user's code loads them, by whatever name and from wherever: ES modules get a package of CommonJS through the same loader.
import Module from 'node:module'

interface Loader {
  _load: (request: string, ...rest: unknown[]) => unknown
}

/** `seen` is given what loading gives, each time a request matches. To be called before the user's code is loaded. */
export function onModuleLoad(requests: RegExp, seen: (found: unknown, request: string) => void): void {
  const loader = Module as unknown as Loader
  const load = loader._load
  loader._load = (request, ...rest) => {
    const found = load.call(Module, request, ...rest)
    if (requests.test(request)) seen(found, request)
    return found
  }
}
