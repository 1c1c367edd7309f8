/* The mended finalizers. */
#include "osquery/generated.h"

#include <thrift/c_glib/thrift_application_exception.h>

#define TYPES 3

typedef struct Mended {
  GObjectClass *class;
  void (*finalize)(GObject *object); /* as generated */
} Mended;

/* Written once, before there are threads. */
static Mended mended[TYPES];

/* The generated finalizer, and then the one that it forgets. */
static void finalize(GObject *object) {
  GObjectClass *const base = g_type_class_peek(G_TYPE_OBJECT);
  for (size_t i = 0; i < TYPES; i++)
    if (mended[i].class == G_OBJECT_GET_CLASS(object)) mended[i].finalize(object);
  base->finalize(object);
}

void fsa_generated_prepare(void) {
  const GType types[TYPES] = {OSQ_TYPE_EXTENSION_STATUS, OSQ_TYPE_INTERNAL_EXTENSION_INFO,
                              THRIFT_TYPE_APPLICATION_EXCEPTION};
  if (mended[0].class) return;
  for (size_t i = 0; i < TYPES; i++) {
    GObjectClass *class = g_type_class_ref(types[i]); /* stays for the life of the process */
    mended[i] = (Mended){.class = class, .finalize = class->finalize};
    class->finalize = finalize;
  }
  g_type_ensure(OSQ_TYPE_EXTENSION_MANAGER_CLIENT);
}
