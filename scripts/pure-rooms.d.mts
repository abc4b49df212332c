export function pureRooms(page?: string): { readonly pure: readonly string[]; readonly apart: readonly string[] }
