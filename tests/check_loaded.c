/* The module, loaded as collectd loads it: all that it needs is in the C library and in the daemon. */
#include "fake_collectd.h"
#include "scratch.h"
#include "suite.h"

#include <dlfcn.h>

START_TEST(loaded) {
  const char *builddir = getenv("abs_top_builddir");
  char path[PATH_MAX];
  snprintf(path, sizeof(path), "%s/plugin/.libs/vm_energy.so", builddir != NULL ? builddir : ".");
  void *module = dlopen(path, RTLD_NOW);
  ck_assert_msg(module != NULL, "%s", dlerror());
  void (*register_module)(void);
  *(void **)&register_module = dlsym(module, "module_register");
  ck_assert(register_module != NULL);
  scratch_make();
  write_text("a/energy_uj", "5000000");
  fake_reset();
  register_module();
  ck_assert_int_eq(fake_config("File '%s/*/energy_uj'", scratch), 0);
  ck_assert_int_eq(fake_init(), 0);
  ck_assert_int_eq(fake_read(), 0);
  ck_assert_uint_eq(fake.values_num, 1);
  ck_assert_str_eq(fake.values[0].name, "node1/vm_energy-a/energy");
  ck_assert_double_eq(fake.values[0].value, 5);
  ck_assert_int_eq(fake_shutdown(), 0);
  fake_reset();
  free(hostname_g);
  hostname_g = NULL;
  scratch_clean();
  ck_assert_int_eq(dlclose(module), 0);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("loaded");
  suite_case(suite, "module", NULL, NULL, ONCE(loaded));
  return suite_run(suite);
}
