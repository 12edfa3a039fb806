/** `X-Pagination-Total` is the true total on every page; `X-Pagination-Next` is the next offset, absent on the last. */
export function paginationHeaders(
  total: number,
  { limit, offset }: { readonly limit: number; readonly offset: number },
): Record<string, string> {
  const next = offset + limit;
  return { "X-Pagination-Total": String(total), ...(next < total ? { "X-Pagination-Next": String(next) } : {}) };
}
