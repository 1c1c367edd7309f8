/* Routes from descriptors. */
#include "osquery/routes.h"

#include "sql/layout.h"

/* Adds a map of `id` and up to three more pairs; keys are static, values are taken over. */
static GHashTable *add_map(GPtrArray *routes, const char *id) {
  GHashTable *map = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, g_free);
  g_hash_table_insert(map, (gpointer) "id", g_strdup(id));
  g_ptr_array_add(routes, map);
  return map;
}

GPtrArray *fsa_routes_of(const FsaTable *table) {
  GPtrArray *routes = g_ptr_array_new_with_free_func((GDestroyNotify)g_hash_table_unref);
  const int count = layout_count(table);
  for (int i = 0; i < count; i++) {
    const LayoutColumn column = layout_column(table, i);
    GHashTable *map = add_map(routes, "column");
    g_hash_table_insert(map, (gpointer) "name",
                        g_strconcat(column.name, column.part == LAYOUT_NS ? "_ns" : "", NULL));
    g_hash_table_insert(map, (gpointer) "type", g_strdup(layout_osquery_type(&column)));
    g_hash_table_insert(map, (gpointer) "op",
                        g_strdup_printf("%d", layout_osquery_options(&column)));
  }
  g_hash_table_insert(add_map(routes, "attributes"), (gpointer) "attributes", g_strdup("0"));
  return routes;
}
