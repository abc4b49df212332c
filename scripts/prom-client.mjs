// prom-client as it is bundled: of its files those that count and write text. The others push, ask the processes of a cluster or watch this one, and
// need OpenTelemetry's API.
import { root } from './cache.mjs'

const PARTS = { Registry: 'registry', Counter: 'counter', Gauge: 'gauge', Histogram: 'histogram' }

/** What is bundled says it, where comments with licences stay. */
const LICENCE = `/*! Holds parts of prom-client, Copyright 2015 Simon Nyberg, unchanged.
 * Licensed under the Apache License, Version 2.0: http://www.apache.org/licenses/LICENSE-2.0 */`

/** For esbuild. */
export const promClient = {
  name: 'prom-client',
  setup(build) {
    build.onResolve({ filter: /^prom-client$/ }, ({ path }) => ({ path, namespace: 'parts' }))
    build.onLoad({ filter: /^/, namespace: 'parts' }, () => ({
      contents: [
        LICENCE,
        ...Object.entries(PARTS).map(
          ([name, file]) => `export { default as ${name} } from './node_modules/prom-client/lib/${file}.js'`,
        ),
      ].join('\n'),
      resolveDir: root,
    }))
    // A module has no require: it imports.
    build.onResolve({ filter: /^util$/ }, ({ kind, path }) => (kind === 'require-call' ? { path, namespace: 'node' } : undefined))
    build.onLoad({ filter: /^/, namespace: 'node' }, ({ path }) => ({ contents: `export * from 'node:${path}'` }))
  },
}
