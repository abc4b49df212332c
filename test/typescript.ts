// The compiler of TypeScript. It is required, since `import` would search its nine megabytes for names of exports, and vitest would stand between the
// tests and each of them.
import { createRequire } from 'node:module'
import type typescript from 'typescript'

export const ts: typeof typescript = createRequire(import.meta.url)('typescript')
