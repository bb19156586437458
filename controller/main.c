/* dnsguard: from the command line to a command. The flow of data starts in
 * controller/command/command.c, in the table of commands. */
#include "controller/command/command.h"

int main(int argc, char **argv)
{
	return dg_command_main(argc, argv);
}
