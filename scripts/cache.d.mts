export const cache: string
