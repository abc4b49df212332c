/** How files are called that PyTorch may open itself, as torch_files.py has them; what is in a file decides. */
export const TORCH_ENDINGS = ['.pt2', '.pt', '.pth', '.torchscript'] as const

export const isTorchFile = (file: string): boolean => TORCH_ENDINGS.some((ending) => file.toLowerCase().endsWith(ending))
