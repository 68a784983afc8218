/** Whole numbers as messages print them: thousands apart. */
export function spaced(n: number): string {
  return String(n).replace(/\B(?=(\d{3})+$)/g, ' ');
}
