export const PACKAGES: readonly string[]
export function withRelativeImports(text: string, output: string): string
