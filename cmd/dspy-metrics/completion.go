package main

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
	"github.com/spf13/cobra"
)

type completionCommand struct {
	Shell string `arg:"" enum:"bash,zsh,fish,powershell" help:"Shell: bash, zsh, fish or powershell."`
}

// Help is shown by --help.
func (completionCommand) Help() string {
	return `Examples:
  source <(dspy-metrics completion bash)
  dspy-metrics completion zsh > "${fpath[1]}/_dspy-metrics"
  dspy-metrics completion fish > ~/.config/fish/completions/dspy-metrics.fish
  dspy-metrics completion powershell | Out-String | Invoke-Expression`
}

// Run prints the script. The script calls this program for each completion, so it stays valid when the
// program changes.
func (c *completionCommand) Run(parser *kong.Kong) error {
	return script(os.Stdout, completions(parser.Model), c.Shell)
}

func script(w io.Writer, root *cobra.Command, shell string) error {
	switch shell {
	case "bash":
		return root.GenBashCompletionV2(w, true)
	case "zsh":
		return root.GenZshCompletion(w)
	case "fish":
		return root.GenFishCompletion(w, true)
	case "powershell":
		return root.GenPowerShellCompletionWithDesc(w)
	}
	return usageError{fmt.Errorf("unknown shell %q: use bash, zsh, fish or powershell", shell)}
}

// asksForCompletion reports whether a completion script called this program.
func asksForCompletion(args []string) bool {
	return len(args) > 0 && slices.Contains([]string{cobra.ShellCompRequestCmd, cobra.ShellCompNoDescRequestCmd}, args[0])
}

func complete(parser *kong.Kong, args []string) int {
	root := completions(parser.Model)
	root.SetArgs(args)
	if err := root.Execute(); err != nil {
		return fail(err, exitFailure)
	}
	return 0
}

// completions returns the commands and flags as cobra commands, because cobra supports the shells. They are
// used only for completion and never run.
func completions(model *kong.Application) *cobra.Command {
	root := shadow(model.Node)
	root.CompletionOptions.DisableDefaultCmd = true
	root.SetHelpCommand(&cobra.Command{Hidden: true})
	root.Run = nil // offers commands instead of files
	for _, child := range model.Children {
		if child.Hidden {
			continue
		}
		root.AddCommand(shadow(child))
		if child == model.DefaultCmd {
			addFlags(root, child)
		}
	}
	return root
}

func shadow(node *kong.Node) *cobra.Command {
	command := &cobra.Command{Use: node.Name, Short: node.Help, Run: func(*cobra.Command, []string) {}}
	addFlags(command, node)
	for _, argument := range node.Positional {
		if argument.Enum != "" {
			command.ValidArgs = argument.EnumSlice()
		}
	}
	return command
}

func addFlags(command *cobra.Command, node *kong.Node) {
	for _, flag := range node.Flags {
		if flag.Hidden || command.Flags().Lookup(flag.Name) != nil {
			continue
		}
		// The first sentence is enough in a list.
		help, _, _ := strings.Cut(flag.Help, ". ")
		if flag.IsBool() {
			command.Flags().Bool(flag.Name, false, help)
			continue
		}
		command.Flags().String(flag.Name, "", help)
		if slices.Contains([]string{"FILE", "DIR", "PATH"}, flag.PlaceHolder) {
			continue // the shell offers files
		}
		var values []string
		if flag.Enum != "" {
			values = flag.EnumSlice()
		}
		// This fails only if the flag does not exist or is registered already.
		_ = command.RegisterFlagCompletionFunc(flag.Name, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
	}
}
