/* Names of pipes that attackers' tools are known to make. To add one, add a row. */
#include "catalog/known_pipes.h"

#include <stddef.h>

/* Sources that stand for many rows. */
#define SIGMA_CS "Sigma d5601f8c: CobaltStrike Named Pipe"
#define SIGMA_CS_RE "Sigma 0e7163d4: CobaltStrike Named Pipe Pattern Regex"
#define SIGMA_CS_PATTERNS "Sigma 85adeb13: CobaltStrike Named Pipe Patterns"
#define SIGMA_MALICIOUS "Sigma fe3ac066: Malicious Named Pipe Created"
#define SIGMA_DUMPERS "Sigma 961d0ba2: Credential Dumping Tools Named Pipe Created"
#define SIGMA_TURLA "Sigma 739915e4: Turla Group Named Pipes"
#define SOPHOS "Sophos Rapid Response: osquery query Process.09.0, named pipes"
#define CS "Cobalt Strike"
#define CS_PROFILE "Cobalt Strike (malleable profile)"

/*
 * Winsock2\CatalogChangeListener-%%%-0 is Cobalt Strike's too, and what every process with Winsock
 * makes: whether it is a forgery is told by the pid in the name (is_pid_forged), not here.
 */
static const FsaKnownPipe known_pipes[] = {
    {"MSSE-###-server", CS, SIGMA_CS},
    {"MSSE-####-server", CS, SIGMA_CS},
    {"postex_%%%%", CS, SIGMA_CS},
    {"postex_ssh_%%%%", CS, SIGMA_CS},
    {"status_%%", CS, SIGMA_CS},
    {"msagent_%%", CS, SIGMA_CS},
    {"interprocess_%%", CS, SIGMA_CS},
    {"samr_%%", CS_PROFILE, SIGMA_CS},
    {"netlogon_%%", CS_PROFILE, SIGMA_CS},
    {"srvsvc_%%", CS_PROFILE, SIGMA_CS},
    {"lsarpc_%%", CS_PROFILE, SIGMA_CS},
    {"mojo.5688.8052.183894939787088877%%", CS_PROFILE, SIGMA_CS_RE},
    {"mojo.5688.8052.35780273329370473%%", CS_PROFILE, SIGMA_CS_RE},
    {"wkssvc%%", CS_PROFILE, SIGMA_CS_RE},
    {"wkssvc_%%", CS_PROFILE, SIGMA_CS_RE},
    {"ntsvcs%%", CS_PROFILE, SIGMA_CS_RE},
    {"ntsvcs_%%", CS_PROFILE, SIGMA_CS_RE},
    {"DserNamePipe%%", CS_PROFILE, SIGMA_CS_RE},
    {"SearchTextHarvester%%", CS_PROFILE, SIGMA_CS_RE},
    {"mypipe-f%%", CS_PROFILE, SIGMA_CS_RE},
    {"mypipe-h%%", CS_PROFILE, SIGMA_CS_RE},
    {"windows.update.manager%%", CS_PROFILE, SIGMA_CS_RE},
    {"windows.update.manager%%%", CS_PROFILE, SIGMA_CS_RE},
    {"scerpc%%", CS_PROFILE, SIGMA_CS_RE},
    {"scerpc_%%", CS_PROFILE, SIGMA_CS_RE},
    {"PGMessagePipe%%", CS_PROFILE, SIGMA_CS_RE},
    {"MsFteWds%%", CS_PROFILE, SIGMA_CS_RE},
    {"f4c3%%", CS_PROFILE, SIGMA_CS_RE},
    {"f53f%%", CS_PROFILE, SIGMA_CS_RE},
    {"fullduplex_%%", CS_PROFILE, SIGMA_CS_RE},
    {"msrpc_%%%%", CS_PROFILE, SIGMA_CS_RE},
    {"win\\msrpc_%%", CS_PROFILE, SIGMA_CS_RE},
    {"rpc_%%", CS_PROFILE, SIGMA_CS_RE},
    {"spoolss_%%", CS_PROFILE, SIGMA_CS_RE},
    {"win_svc", CS_PROFILE, SIGMA_CS_PATTERNS},
    {"demoagent_11", CS_PROFILE, SIGMA_CS_PATTERNS},
    {"demoagent_22", CS_PROFILE, SIGMA_CS_PATTERNS},
    {"%%%%%%%", "Cobalt Strike before 4.2 (post-exploitation jobs)", SOPHOS},
    {"%%%%%%%%", "Cobalt Strike before 4.2 (post-exploitation jobs)", SOPHOS},
    {"%%%%%%%%%", "Cobalt Strike before 4.2 (post-exploitation jobs)", SOPHOS},
    {"%%%%%%%%%%", "Cobalt Strike before 4.2 (post-exploitation jobs)", SOPHOS},
    {"dce_86", CS_PROFILE, SOPHOS},
    {"gruntsvc", "Covenant", SIGMA_MALICIOUS},
    {"jaccdpqnvbrrxlaf", "PoshC2", SIGMA_MALICIOUS},
    {"Posh*", "PoshC2", SIGMA_MALICIOUS},
    {"6e7645c4-32c5-4fe3-aabf-e94c2f4370e7", "LiquidSnake", SIGMA_MALICIOUS},
    {"csexecsvc", "CSExec", SIGMA_MALICIOUS},
    {"PAExec*", "PAExec", "Sigma f6451de4: PAExec Default Named Pipe"},
    {"PSEXESVC*", "PsExec", "Sigma: PsExec Tool Execution From Suspicious Locations - PipeName"},
    {"RemCom*", "RemCom", "Sigma d36f87ea: RemCom Default Named Pipe"},
    {"cachedump*", "cachedump", SIGMA_DUMPERS},
    {"lsadump*", "lsadump", SIGMA_DUMPERS},
    {"wceservicepipe*", "Windows Credentials Editor", SIGMA_DUMPERS},
    {"imposecost*", "Koh", "Sigma 0adc67e0: Koh Default Named Pipe"},
    {"imposingcost*", "Koh", "Sigma 0adc67e0: Koh Default Named Pipe"},
    {"coerced\\*", "CoercedPotato", "Sigma 4d0083b3: CoercedPotato Named Pipe Creation"},
    {"*\\coerced\\*", "CoercedPotato", "Sigma 4d0083b3: CoercedPotato Named Pipe Creation"},
    {"*\\pipe\\srvsvc", "EfsPotato", "Sigma 637f689e: EfsPotato Named Pipe Creation"},
    {"*\\pipe\\spoolss", "PrintSpoofer", "itm4n, 2020-05: PrintSpoofer"},
    {"*\\pipe\\epmapper", "RoguePotato",
     "splinter_code and decoder_it, 2020-05: No more JuicyPotato"},
    {"*thisispipe*", "DiagTrackEoP", "Sigma 1f7025a6: DiagTrackEoP Default Named Pipe"},
    {"46a676ab7f179e511e30dd2dc41bd388", "Project Sauron", SIGMA_MALICIOUS},
    {"9f81f59bc58452127884ce513865ed20", "Project Sauron", SIGMA_MALICIOUS},
    {"e710f28d59aa529d6792ca6ff0ca1b34", "Project Sauron", SIGMA_MALICIOUS},
    {"rpchlp_3", "Project Sauron", SIGMA_MALICIOUS},
    {"583da945-62af-10e8-4902-a8f205c72b2e", "SUNBURST", SIGMA_MALICIOUS},
    {"adschemerpc", "Turla HyperStack", SIGMA_MALICIOUS},
    {"atctl", "Turla", SIGMA_TURLA},
    {"userpipe", "Turla", SIGMA_TURLA},
    {"iehelper", "Turla", SIGMA_TURLA},
    {"sdlrpc", "Turla Cobra", SIGMA_TURLA},
    {"comnap", "Turla Cobra", SIGMA_TURLA},
    {"isapi_http", "Turla Uroburos", SIGMA_MALICIOUS},
    {"isapi_dg", "Turla Uroburos", SIGMA_MALICIOUS},
    {"isapi_dg2", "Turla Uroburos", SIGMA_MALICIOUS},
    {"ahexec", "Sofacy", SIGMA_MALICIOUS},
    {"AnonymousPipe", "Hidden Cobra Hoplight", SIGMA_MALICIOUS},
    {"bc31a7", "Pacifier", SIGMA_MALICIOUS},
    {"bc367", "Pacifier", SIGMA_MALICIOUS},
    {"bizkaz", "Snatch", SIGMA_MALICIOUS},
    {"dce_3d", "Qbot", SIGMA_MALICIOUS},
    {"lsassw", "Wild Neutron", SIGMA_MALICIOUS},
    {"winsession", "Wild Neutron", SIGMA_MALICIOUS},
    {"NamePipe_MoreWindows", "Cloud Hopper RedLeaves", SIGMA_MALICIOUS},
    {"pcheap_reuse", "Equation Group", SIGMA_MALICIOUS},
    {"testPipe", "Emissary Panda HyperBro", SIGMA_MALICIOUS},
};

static bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

static char lower(char c) {
  return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

static bool fits(char pattern, char c) {
  if (pattern == '#') return is_digit(c);
  if (pattern == '%') return is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'f');
  return lower(pattern) == lower(c);
}

/* Linear in the name times the stars: after a star only the last one is tried again. */
static bool matches(const char *pattern, FsaText name) {
  const char *star = NULL;
  size_t at = 0, again = 0;
  while (at < name.size) {
    if (*pattern == '*') {
      star = pattern++;
      again = at;
    } else if (*pattern && fits(*pattern, name.data[at])) {
      pattern++;
      at++;
    } else if (star) {
      pattern = star + 1;
      at = ++again;
    } else {
      return false;
    }
  }
  while (*pattern == '*') pattern++;
  return *pattern == '\0';
}

const FsaKnownPipe *fsa_known_pipe(FsaText name) {
  for (size_t i = 0; i < sizeof known_pipes / sizeof *known_pipes; i++)
    if (matches(known_pipes[i].pattern, name)) return &known_pipes[i];
  return NULL;
}
